import { drawDot } from '../inspect/drawing/dot.ts'
import type { Arrow, Box, Change, Drawing } from '../inspect/drawing/drawing.ts'
import { drawSvg } from '../inspect/drawing/svg.ts'
import { sayOwnedExit } from './exit-text.ts'
import type { MarkedChart } from './marks.ts'

/**
 * Both versions as one SVG, laid out by Graphviz: what is new green, what is gone red and dashed, what has changed amber.
 *
 * @throws StepwrightError `module-missing` where the optional package `@viz-js/viz` is not installed.
 * @example
 * await writeFile('change.svg', await diffSvg(markedChart(before, after, diffDefinitions(before, after))))
 */
export function diffSvg(chart: MarkedChart): Promise<string> {
  return drawSvg(drawingOf(chart))
}

/** Both versions as one graph in the language of Graphviz, coloured like {@link diffSvg}. */
export function diffDot(chart: MarkedChart): string {
  return drawDot(drawingOf(chart))
}

const BARE = { description: undefined, remarks: [], signs: [], branches: [], mark: undefined } as const

function drawingOf({ workflow, initial, states, transitions }: MarkedChart): Drawing {
  const ids = new Map(states.map(({ name }, i) => [name, `n${i + 1}`]))
  const id = (name: string): string => ids.get(name) ?? ''
  const arrows = new Map<string, Arrow & { readonly labels: string[] }>()
  for (const { from, exit, change } of transitions) {
    const key = JSON.stringify([from, exit.to, exit.by, change])
    const arrow = arrows.get(key) ?? arrowOf(id(from), id(exit.to), exit.by, change)
    arrows.set(key, arrow)
    const label = sayOwnedExit(exit)
    if (label !== '' && !arrow.labels.includes(label)) arrow.labels.push(label)
  }
  return {
    name: workflow,
    version: 1,
    description: undefined,
    initial: id(initial),
    boxes: states.map(({ name, kind, change }): Box => ({
      ...BARE,
      ...{ id: id(name), state: name, kind: kind === 'final' ? 'end' : kind, change },
    })),
    arrows: [...arrows.values()],
    frames: [],
    marks: undefined,
  }
}

function arrowOf(
  from: string,
  to: string,
  by: Arrow['by'],
  change: Change | undefined,
): Arrow & { readonly labels: string[] } {
  return { from, to, by, change, frame: undefined, labels: [], mark: undefined }
}
