/** What it means that a row beside a run is damaged, and whether the run can do without it. */
import { joinKey } from '../model/identifier.ts'
import { visitOf, type Run } from '../model/run.ts'
import { sideRows, type SideRow } from '../store/side-rows.ts'
import type { Store } from '../store/store.ts'

/** A damaged row, in words for people. */
export interface SideDamage extends Pick<SideRow, 'collection' | 'key'> {
  readonly what: string
  readonly remedy: string
  /** What comes of taking it out; where it is absent, only a person can say. */
  readonly without?: string
}

type Visit = Pick<Run, 'id' | 'state' | 'visits'>

const WHAT: Readonly<Record<SideRow['collection'], string>> = {
  inbox: 'A letter in its inbox',
  memo: 'A result that was saved in a step',
  part: 'What a branch, an item or a child has come to',
  undo: 'What would have to be undone',
}

/** What is damaged of these; `visit` is where the run stands, where that is known. */
export function damageIn(rows: readonly SideRow[], visit: Visit | undefined): readonly SideDamage[] {
  return rows
    .filter(({ encoded }) => encoded === undefined)
    .map(({ collection, key }) => {
      const what = `${WHAT[collection]} was changed or cut off (its checksum does not fit)`
      const without = withoutIt(collection, key, visit)
      const remedy =
        without === undefined
          ? `Restore that row from a backup${byHand(collection)}`
          : `Restore that row from a backup, or take it out with \`stepwright repair\`: ${without}`
      return { collection, key, what, remedy, ...(without === undefined ? {} : { without }) }
    })
}

/** All damaged rows of a run that it can do without. */
export async function findDroppable(store: Store, visit: Visit): Promise<readonly SideDamage[]> {
  const found: SideDamage[] = []
  for await (const rows of sideRows(store, visit.id))
    found.push(...damageIn(rows, visit).filter(({ without }) => without !== undefined))
  return found
}

function withoutIt(
  collection: SideRow['collection'],
  key: string,
  visit: Visit | undefined,
): string | undefined {
  switch (collection) {
    case 'inbox':
      return 'what it told is lost, and may be sent again'
    case 'memo':
      return 'what it had saved is made again, with the same idempotency key'
    case 'part': {
      // a part of an earlier visit is there to be undone, and an item may lie in its row alone
      const own = visit && `${joinKey(visit.id, visit.state, String(visitOf(visit)))}/`
      const isOwn = own !== undefined && key.startsWith(own) && !/^\d{7}$/.test(key.slice(own.length))
      return isOwn ? 'it begins again, with the same idempotency key' : undefined
    }
    case 'undo':
      return undefined
  }
}

function byHand(collection: SideRow['collection']): string {
  return collection === 'undo'
    ? '; or undo by hand what it was for, and delete it'
    : '; an item that follows from the data of its state begins again where its row is deleted'
}
