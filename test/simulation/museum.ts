/** Seeds that found a bug in what is not the simulation, and the commit that mended it. The harness goes on changing: what they meet may be another life now. */
export const museum: ReadonlyArray<readonly [seed: number, mended: string]> = [
  [28, "Type a prompt at once that its holder never got"],
  [53, "Pass over a hook's word only once the log has it"],
  [354, "Pass over a hook's word only once the log has it"],
  [1068, "Pass over a hook's word only once the log has it"],
  [82, "Judge prompts by what is heard in time"],
  [52, "Judge prompts by what is heard in time"],
  [3035, "Judge prompts by what is heard in time"],
  [3398, "Judge prompts by what is heard in time"],
  [1149, "Judge prompts by what is heard in time"],
  [296, "Judge prompts by what is heard in time"],
  [1070, "Sweep again what was given up and is there after all"]
]

/** Found, and not mended: after a hole in the hearing the agent's next turn is taken for the wrong one of two prompts. */
export const open: ReadonlyArray<number> = [1172]
