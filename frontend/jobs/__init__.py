"""Jobs: what is stored of each, and who may change it when."""
