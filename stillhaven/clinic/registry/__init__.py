"""What consented people's courses show, for those who count and for those who teach."""
