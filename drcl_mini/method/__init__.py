"""DRCL itself, in the order of the paper: losses, recasting, augmentation, prior (SPL), consistency (RSC)."""
