import { relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RULES, type RuleCode } from '../model/rule.ts'
import type { Finding } from './finding.ts'

/** A log of SARIF 2.1.0 with one run, ready for `JSON.stringify`. */
export interface SarifLog {
  readonly $schema: string
  readonly version: '2.1.0'
  readonly runs: readonly [object]
}

/** Options of {@link toSarif}. */
export interface SarifOptions {
  /** Paths of files are written relative to this folder. Default: the working directory. */
  readonly root?: string
  /** The version of stepwright, if it is to be named. */
  readonly version?: string
}

/**
 * Findings as a log of SARIF 2.1.0, which code scanning of GitHub and most editors take. Findings that are allowed
 * are suppressed results, with their reason.
 *
 * @example
 * await writeFile('check.sarif', JSON.stringify(toSarif(check(Article, { source, allowed: true }))))
 */
export function toSarif(
  findings: readonly Finding[],
  { root = process.cwd(), version }: SarifOptions = {},
): SarifLog {
  const codes = Object.keys(RULES) as RuleCode[]
  const rules = codes.map((id) => ({
    id,
    shortDescription: { text: RULES[id].about },
    defaultConfiguration: { level: RULES[id].severity },
  }))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'stepwright', ...(version === undefined ? {} : { version }), rules } },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { ROOT: { uri: `${pathToFileURL(root).href.replace(/\/$/, '')}/` } },
        results: findings.map((finding) => resultOf(finding, codes.indexOf(finding.rule), root)),
      },
    ],
  }
}

function resultOf(finding: Finding, ruleIndex: number, root: string): object {
  const { rule, severity, workflow, state, message, why, remedy, path, place, allowed } = finding
  const physicalLocation = place && {
    artifactLocation: { uri: uriOf(place.file, root), uriBaseId: 'ROOT' },
    region: { startLine: place.line, startColumn: place.column, endColumn: place.endColumn },
  }
  const logicalLocations = [
    { name: state ?? workflow, fullyQualifiedName: [workflow, state].filter(Boolean).join('/') },
  ]
  return {
    ruleId: rule,
    ruleIndex,
    level: severity,
    message: { text: `${message}. ${why} ${remedy}.` },
    locations: [{ ...(physicalLocation ? { physicalLocation } : {}), logicalLocations }],
    partialFingerprints: { 'stepwright/v1': fingerprintOf(finding) },
    ...(path.length > 0 ? { properties: { path } } : {}),
    ...(allowed === undefined ? {} : { suppressions: [{ kind: 'inSource', justification: allowed }] }),
  }
}

/**
 * Tells findings of one rule apart by what they are about, the same wherever they stand in the file: states, the edge,
 * and the names in the message, such as a signal or a branch. Numbers are left out: a bound may change.
 */
function fingerprintOf({ rule, workflow, states, edge, message }: Finding): string {
  const names = [...message.matchAll(/"([^"]*)"/g)].map(([, name = '']) => name)
  const others = [...new Set(names)].filter((name) => name !== workflow && !states.includes(name))
  return [rule, workflow, ...states, ...(edge ? [`${edge.by} ${edge.to}`] : []), ...others]
    .map((part) => part.replaceAll('%', '%25').replaceAll('/', '%2F'))
    .join('/')
}

/** The path as a URI reference: it may hold what has a meaning there. */
function uriOf(file: string, root: string): string {
  return relative(root, file).split(sep).map(encodeURIComponent).join('/')
}
