# SPDX-License-Identifier: BSD-2-Clause
"""Scheduling contexts: the right to run, in the MCS kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .capability import Capability

if TYPE_CHECKING:
    from .ipc import Notification
    from .thread import TCB
    from .views import SchedContextView

#: Budget and period of threads for which nothing else is said, in microseconds: as seL4's boot
#: gives its first thread.
DEFAULT_SLICE_US = 5000


class SchedContext(Capability):
    """A scheduling context: so much time (the budget) in so much time (the period).

    Who has budget == period may always run, and takes turns with others of its priority.
    """

    kind = "sched_context"

    def configure(
        self,
        budget_us: int = DEFAULT_SLICE_US,
        period_us: int | None = None,
        *,
        extra_refills: int = 0,
        badge: int = 0,
        sporadic: bool = False,
    ) -> None:
        """Set its times, in microseconds (seL4_SchedControl_ConfigureFlags).

        `period_us` is the budget by default. `extra_refills`: parts that the budget may fall into,
        beyond two; `badge`: what a timeout fault says; `sporadic`: keep the budget while blocked.
        """
        self.machine.invoke(
            "SchedControl_ConfigureFlags",
            self.machine.sched_control,
            about=self,
            schedcontext=self,
            budget=budget_us,
            period=budget_us if period_us is None else period_us,
            extra_refills=extra_refills,
            badge=badge,
            flags=int(sporadic),
        )

    def bind(self, thing: TCB | Notification) -> None:
        """Give it to a thread, or to a notification, which lends it (seL4_SchedContext_Bind)."""
        self.machine.invoke("SchedContext_Bind", self, cap=thing)

    def unbind(self, thing: TCB | Notification | None = None) -> None:
        """Take it from a thread or notification, or from all that have it.

        seL4_SchedContext_UnbindObject, seL4_SchedContext_Unbind.
        """
        if thing is None:
            self.machine.invoke("SchedContext_Unbind", self)
        else:
            self.machine.invoke("SchedContext_UnbindObject", self, cap=thing)

    def consumed(self) -> int:
        """Return the microseconds of its use since last asked (seL4_SchedContext_Consumed)."""
        return int(self.machine.invoke("SchedContext_Consumed", self)["consumed"])

    def yield_to(self) -> int:
        """Let its thread be the next of its priority to run (seL4_SchedContext_YieldTo).

        Returns the microseconds of its use since last asked.
        """
        return int(self.machine.invoke("SchedContext_YieldTo", self)["consumed"])

    def state(self) -> SchedContextView:
        """Return who has it and what time is left, by inspection."""
        return self.machine.inspector.sched_context(self.object)


class SchedControl(Capability):
    """The authority to give scheduling contexts their time."""

    kind = "sched_control"
