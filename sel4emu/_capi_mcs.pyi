# SPDX-License-Identifier: BSD-2-Clause
"""The cffi module that _capi_build.py makes for the MCS kernel: libsel4's declarations."""

from typing import Any

ffi: Any
lib: Any
