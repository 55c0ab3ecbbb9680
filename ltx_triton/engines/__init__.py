"""Engine sessions, one implementation per runtime."""
