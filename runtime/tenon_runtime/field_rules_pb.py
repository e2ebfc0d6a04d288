"""The classes of ``buf/validate/validate.proto``, as protovalidate has them: what generated messages refer to.

This is the one place that knows where the pinned wheel keeps them.
"""

from protovalidate._gen.buf.validate.validate_pb import *  # noqa: F403
from protovalidate._gen.buf.validate.validate_pb import desc as desc
