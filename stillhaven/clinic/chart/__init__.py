"""The staff's faces: chart, board, wall, tray of unclaimed monitors."""
