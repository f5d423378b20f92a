"""What Koepel is compared with. Each yardstick runs in a process of its own and shares no code with us."""
