"""What the compiler refuses: one folder a refusal, with a bad spec that says where it is wrong and a good twin."""
