/** What some life has to look at, and what has to go wrong in one: what never comes up proves nothing. */
import type { Ledger } from "../support/world-ledger.ts"

export const rules: ReadonlyArray<string> = [
  ...["I1 seq", "I1 position", "I2", "I2 prompt", "I3 once", "I3 same", "I3 same prompt", "I4", "I5", "I5 reply", "I5 prompt", "I6 hash"],
  ...[
    "I6 checkpoint",
    "I7",
    "I8",
    "I8 fenced",
    "I9",
    "I9 told",
    "I10",
    "I12",
    "I13",
    "I14",
    "I15",
    "I16",
    "I17",
    "I19",
    "I20",
    "I20 alive"
  ],
  ...["I21", "I22", "I22 polite", "I22 ladder", "I23 once", "I23 exact", "I23 ended once", "I24", "I25", "I26", "I27", "I27 terminated"],
  ...["I28", "I28 budget", "I29 bounds", "I29 grows", "I29 window", "I30", "I31", "I32", "I33", "I35", "I37 written", "I37 not written"],
  ...["I37 order", "I37 fate", "I37 settled", "I39 processes", "I39 launches", "I39 requests", "I39 residents", "I41", "I42 sum"],
  ...["I42 bound", "I42 ready", "clients"],
  ...["P text kept", "P lease", "P same conversation", "P told by this launch", "P activity", "P one at a time", "P not while stopping"],
  ...["P not while interrupted", "P not expired", "P turn boundary", "P idle", "P first come", "P no accidental answer"],
  ...["P answers the open question", "P answer in time", "P typed once", "P not typed", "P whole", "P accepted is seen"],
  ...["P rejected is not taken", "P taken once", "P resent once", "P resent by wish", "P expires in time", "P no reload in a turn"],
  ...["P answered is done", "P settled", "P delivered", "P interrupt settled"]
]

export const faults: ReadonlyArray<string> = [
  ...["crash", "holder_dies", "hang", "disconnect", "kill", "killed at a crossing", "restart", "succession", "doubt written"],
  ...["doubt not_written", "defect", "wall_jump", "suspend", "reboot", "poison", "launch fails", "slow answer", "disk full"],
  ...["disk before_begin", "disk before_commit", "disk after_commit", "disk reopen", "disk busy", "agent is short-lived"],
  ...["agent fails to spawn", "agent is silent", "agent is deaf", "agent leaves children", "agent cannot be killed"],
  ...[
    "agent does not read",
    "agent asks",
    "agent eats the first Enter",
    "agent sulks",
    "agent fails its turns",
    "hooks are slow",
    "eclipse"
  ]
]

/** Rules that nothing has looked at, and faults that no life met. */
export const unmet = ({ counts, faults: injected }: Pick<Ledger, "counts" | "faults">): ReadonlyArray<string> => [
  ...rules.filter((rule) => !counts.has(rule)),
  ...faults.filter((fault) => !injected.has(fault))
]
