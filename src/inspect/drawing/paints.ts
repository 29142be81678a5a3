import { CHANGES, type BoxKind, type Change } from './drawing.ts'
import { HEAT_FILLS } from './marks.ts'

/** The colours of one look. */
interface Palette {
  readonly paper: string
  readonly ink: string
  readonly dim: string
  readonly line: string
  readonly bad: string
  readonly clock: string
  readonly taken: string
  /** Inside and rim of each kind. */
  readonly kinds: Readonly<Record<BoxKind, readonly [fill: string, rim: string]>>
  /** From never to most. */
  readonly heat: readonly string[]
  readonly changes: Readonly<Record<Change, string>>
}

const LIGHT: Palette = {
  ...{ paper: '#ffffff', ink: '#1c2430', dim: '#56616f', line: '#6b7683', bad: '#c22f2f', clock: '#9a6400' },
  taken: '#1558d6',
  kinds: {
    step: ['#eef3ff', '#5470c6'],
    wait: ['#fff4d6', '#b07d12'],
    timer: ['#e2f5f5', '#22808a'],
    child: ['#f3ebff', '#7a4fc4'],
    map: ['#e9f6e6', '#4a8f3c'],
    parallel: ['#f0f2f5', '#5f6d7e'],
    end: ['#ddf5e4', '#1d7d43'],
    'bad-end': ['#fde6e4', '#c22f2f'],
    any: ['#ffffff', '#8a94a0'],
  },
  heat: HEAT_FILLS,
  changes: { added: '#1a7f37', removed: '#c22f2f', changed: '#9a6400' },
}

const DARK: Palette = {
  ...{ paper: '#12161c', ink: '#e8edf3', dim: '#a4afbb', line: '#8d98a5', bad: '#ff7b72', clock: '#e3b341' },
  taken: '#6cb0ff',
  kinds: {
    step: ['#1b2542', '#7f9bf0'],
    wait: ['#3a2e0d', '#dba935'],
    timer: ['#0f3236', '#4fbcc6'],
    child: ['#2d2147', '#b18cf2'],
    map: ['#1a331a', '#77c267'],
    parallel: ['#232a33', '#98a5b4'],
    end: ['#12351f', '#4cc97c'],
    'bad-end': ['#421c1c', '#ff7b72'],
    any: ['#12161c', '#8d98a5'],
  },
  heat: ['#1d2229', '#3d3216', '#5c4010', '#7d4a10', '#9c4a14', '#b8431f'],
  changes: { added: '#3fb950', removed: '#ff7b72', changed: '#e3b341' },
}

/** The style of a drawing: light, and dark where the reader prefers that. No names but those that begin with `sw-`. */
export const STYLE = [
  rulesOf(LIGHT),
  `.sw-drawing text{font-family:ui-sans-serif,system-ui,"Segoe UI",Helvetica,Arial,sans-serif;font-size:11.5px;stroke:none}`,
  `.sw-drawing .sw-name{font-size:14px;font-weight:600}.sw-drawing .sw-heading{font-size:17px;font-weight:700}`,
  `.sw-drawing .sw-label{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}`,
  `.sw-line,.sw-icon{fill:none;stroke-width:1.4;stroke-linecap:round;stroke-linejoin:round}`,
  `.sw-box{stroke-width:1.4}.sw-branch{stroke-width:1}.sw-frame-rim{fill:none;stroke-width:1.4;stroke-dasharray:2 4;stroke-linecap:round}`,
  `.sw-catch .sw-line{stroke-dasharray:6 4}.sw-expires .sw-line,.sw-visits .sw-line{stroke-dasharray:1.5 4}`,
  `.sw-reference .sw-box{stroke-dasharray:3 3}`,
  `.sw-any .sw-box{stroke-dasharray:4 4}.sw-untouched{opacity:.5}`,
  `.sw-taken .sw-line{stroke-width:3}.sw-standing .sw-box,.sw-failed .sw-box{stroke-width:3.5}.sw-mark{font-weight:600}`,
  `${CHANGES.map((change) => `.sw-${change}>.sw-box,.sw-${change}>.sw-line`).join(',')}{stroke-width:3}.sw-removed>.sw-box,.sw-removed>.sw-line{stroke-dasharray:6 4}`,
  `@media (prefers-color-scheme:dark){${rulesOf(DARK)}}`,
].join('\n')

function rulesOf({ paper, ink, dim, line, bad, clock, taken, kinds, heat, changes }: Palette): string {
  const causes = { catch: bad, expires: clock, visits: clock }
  return [
    `.sw-paper{fill:${paper}}.sw-drawing text{fill:${ink}}.sw-drawing .sw-dim{fill:${dim}}`,
    `.sw-drawing .sw-label{fill:${ink};stroke:${paper}}`,
    `.sw-line,.sw-icon,.sw-frame-rim{stroke:${line}}.sw-tip,.sw-dot{fill:${line}}.sw-branch{fill:${paper};stroke:${line}}`,
    ...Object.entries(kinds).map(
      ([kind, [fill, rim]]) =>
        `.sw-${kind} .sw-box{fill:${fill};stroke:${rim}}.sw-${kind} .sw-kind{stroke:${rim}}`,
    ),
    ...Object.entries(causes).map(
      ([by, colour]) =>
        `.sw-${by} .sw-line,.sw-${by} .sw-icon{stroke:${colour}}.sw-${by} .sw-tip{fill:${colour}}.sw-drawing .sw-${by} .sw-label{fill:${colour}}`,
    ),
    ...heat.map((colour, level) => `.sw-heat-${level} .sw-box{fill:${colour}}`),
    `.sw-taken .sw-line{stroke:${taken}}.sw-taken .sw-tip{fill:${taken}}`,
    `.sw-taken.sw-catch .sw-line{stroke:${bad}}.sw-taken.sw-catch .sw-tip{fill:${bad}}`,
    `.sw-standing .sw-box{stroke:${taken}}.sw-failed .sw-box{stroke:${bad}}`,
    ...Object.entries(changes).map(
      ([change, colour]) =>
        `.sw-${change}>.sw-box,.sw-${change}>.sw-line{stroke:${colour}}.sw-${change}>.sw-tip{fill:${colour}}.sw-drawing .sw-${change}>.sw-label,.sw-drawing .sw-${change}>.sw-name{fill:${colour}}`,
    ),
    `.sw-here{fill:${taken}}.sw-failed .sw-here{fill:${bad}}.sw-drawing .sw-here-text{fill:${paper};font-weight:700}`,
  ].join('\n')
}
