"""What training minimises: functions of tensors, which import torch and nothing of ours."""
