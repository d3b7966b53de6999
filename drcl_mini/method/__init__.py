"""Losses, recasting, augmentation, encoder, prior (SPL), consistency (RSC), and the estimator."""
