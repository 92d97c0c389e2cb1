"""The thread that every stage hangs on: a course of treatment and its moves."""
