"""Staff, roles (who may do what), patients, sites."""
