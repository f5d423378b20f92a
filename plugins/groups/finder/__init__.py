"""What strangers find: the published groups of a federation, by place, type and composition."""
