import { unfitData } from './data.ts'
import { deadCatch } from './catches.ts'
import { earlyIrreversible, retriedEffect, uncompensatedEffect, unsaidEffect } from './effects.ts'
import { endlessLoop, idleBound, unboundedLoop } from './loops.ts'
import { similarNames } from './names.ts'
import { piiInPrompt } from './privacy.ts'
import { deadEnd, noEnd, unreachable, visitsCircle } from './reachability.ts'
import type { Rule } from './rule.ts'
import { undeclaredTarget, unusedTarget } from './targets.ts'
import { impossibleJoin, unheardSignal, waitWithoutExpiry } from './waiting.ts'

/** Every rule that looks at a chart, and at its source where it is there. */
export const ALL_RULES: readonly Rule[] = [
  unreachable,
  deadEnd,
  noEnd,
  visitsCircle,
  impossibleJoin,
  endlessLoop,
  unboundedLoop,
  idleBound,
  waitWithoutExpiry,
  unheardSignal,
  similarNames,
  deadCatch,
  uncompensatedEffect,
  unsaidEffect,
  earlyIrreversible,
  retriedEffect,
  unusedTarget,
  undeclaredTarget,
  unfitData,
  piiInPrompt,
]
