/** What a session decides by: always `decide`, but where a test plants a defect in it. */
import { Context } from "effect"
import { decide } from "../domain/decide/index.ts"

export const Deciding = Context.Reference<typeof decide>("reprise/actors/Deciding", { defaultValue: () => decide })
