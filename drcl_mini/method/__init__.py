"""DRCL itself, in the order of the paper.

Losses, recasting, augmentation, encoder, prior (SPL), consistency (RSC), and the estimator that
calls them.
"""
