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
  [772, "Give no prompt the turn of the one before it"],
  [1172, "Give no prompt the turn of the one before it"],
  [1070, "Sweep again what was given up and is there after all"],
  [1423, "Tell followers that a log opens again, whatever opened it"],
  [2034, "Let an actor made anew hear what waited before what comes"],
  [7115, "Let an actor made anew hear what waited before what comes"],
  [10933, "Remember of a word said again when it was so"],
  [11875, "Remember of a word said again when it was so"],
  [15478, "Pass deadlines of one moment in one order"],
  [18807, "Pass deadlines of one moment in one order"],
  [20815, "Give an agent that slept with its machine time to wake up"],
  [30643, "End an agent that comes to be after its launch was given up"],
  [107840, "Start though what is left of launches cannot be looked through just now"],
  [201774, "Take nothing that was said before a prompt was typed for its turn"],
  [220815, "Take nothing that was said before a prompt was typed for its turn"],
  [503945, "Give an agent that is idle again no hour to take a prompt"],
  [509528, "Give an agent that is idle again no hour to take a prompt"],
  [518967, "Give an agent that is idle again no hour to take a prompt"],
  [611778, "Be with the holder of every live session that is loaded, whoever asked for it"],
  [602395, "Begin a launch in the place of one that failed"],
  [603823, "Call no agent idle that has ended"]
]

/** Found, and not understood. */
export const open: ReadonlyArray<number> = []
