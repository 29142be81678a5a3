import { make } from './elements.js'

const OPEN_UP_TO = 20

/** A value as a tree that can be opened. */
export function valueTree(value, depth = 0) {
  if (typeof value !== 'object' || value === null) return leaf(value)
  const entries = Object.entries(value)
  if (entries.length === 0)
    return make('span', { class: 'none' }, Array.isArray(value) ? 'empty list' : 'nothing')
  const rows = entries.map(([key, inner]) => {
    const isLeaf = typeof inner !== 'object' || inner === null || Object.keys(inner).length === 0
    if (isLeaf) return make('li', {}, make('span', { class: 'key' }, `${key}:`), ' ', valueTree(inner))
    const size = Object.keys(inner).length
    const summary = make(
      'summary',
      {},
      make('span', { class: 'key' }, `${key}:`),
      ' ',
      make(
        'span',
        { class: 'none' },
        Array.isArray(inner) ? `${size} in a list` : size === 1 ? '1 field' : `${size} fields`,
      ),
    )
    const open = depth < 1 && size <= OPEN_UP_TO
    return make('li', {}, make('details', { open }, summary, valueTree(inner, depth + 1)))
  })
  return make('ul', { class: 'tree' }, ...rows)
}

function leaf(value) {
  const kind = value === null || value === undefined ? 'none' : typeof value
  return make('span', { class: kind }, value === undefined ? 'nothing' : String(value))
}
