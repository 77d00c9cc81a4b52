"""One module per subcommand of ``hand_pose_ros``: ``add_parser(subparsers)`` and ``main(args) -> int``."""
