import { byId, make } from './elements.js'

/** How far a chart is shrunk. */
const SMALLEST = 0.75

/** The chart of a workflow with the place that a run stands at: found by `data-state`, `data-edge`, `data-branch`. */
export class Chart {
  #drawn
  #drawing

  /** Draws the chart of a workflow, where it is not the one that is drawn; resolves when it is there. */
  draw(workflow, version) {
    const query = String(new URLSearchParams({ workflow, version }))
    if (this.#drawn !== query) {
      this.#drawn = query
      this.#drawing = this.#draw(workflow, query)
    }
    return this.#drawing
  }

  async #draw(workflow, query) {
    const place = byId('chart')
    const response = await fetch(`/chart?${query}`).catch(() => undefined)
    const text = await response?.text()
    if (this.#drawn !== query) return // another one was chosen meanwhile
    if (!response?.ok) {
      this.#drawn = undefined
      const why = text === undefined ? 'There is no connection.' : JSON.parse(text).message
      return place.replaceChildren(make('p', { class: 'none' }, `No chart of ${workflow}: ${why}`))
    }
    const parsed = new DOMParser().parseFromString(text, 'image/svg+xml')
    const svg = document.importNode(parsed.documentElement, true)
    // it shrinks to fit, and is scrolled where it could not be read any more
    svg.style.minWidth = `${svg.width.baseVal.value * SMALLEST}px`
    place.replaceChildren(svg)
  }

  clear() {
    this.#drawn = undefined
    byId('chart').replaceChildren()
  }

  /** Marks where a run stands, where it has been and which way it took last. */
  mark(moment, happened) {
    const moves = happened.filter(({ type }) => type === 'moved')
    const arrows = [...byId('chart').querySelectorAll('[data-edge]')]
    const taken = new Set(moves.flatMap((move) => arrowsOf(move, arrows)))
    const been = new Set(moves.flatMap(({ from, to }) => [from, to]))
    const last = moves.at(-1)
    for (const group of byId('chart').querySelectorAll('[data-state]')) {
      const { state } = group.dataset
      group.classList.toggle('is-current', state === moment.state)
      group.classList.toggle('was-visited', been.has(state) && state !== moment.state)
      group.classList.toggle('is-parked', state === moment.state && isTrouble(moment.status))
      if (state === moment.state) bringIntoView(group)
    }
    const way = last ? arrowsOf(last, arrows) : []
    for (const arrow of arrows) {
      arrow.classList.toggle('was-taken', taken.has(arrow))
      arrow.classList.toggle('is-last', way.includes(arrow))
    }
    for (const group of byId('chart').querySelectorAll('[data-branch]'))
      for (const end of ['working', 'done', 'failed'])
        group.classList.toggle(`branch-${end}`, moment.branches?.[group.dataset.branch] === end)
  }
}

/** The arrows that a move may have taken: from its state, or else those that leave any state or a whole transaction. */
function arrowsOf({ from, to }, arrows) {
  const own = arrows.filter(({ dataset }) => dataset.edge === `${from}>${to}`)
  if (own.length > 0) return own
  return arrows.filter(
    ({ dataset: { edge, frame } }) =>
      edge === `*>${to}` || (frame !== undefined && edge === `${frame}>${to}`),
  )
}

function isTrouble(status) {
  return ['failed', 'compensation-failed', 'quarantined', 'needs-migration', 'corrupt'].includes(status)
}

/** Scrolls the chart alone, not the page. */
function bringIntoView(group) {
  const place = byId('chart')
  const [box, view] = [group.getBoundingClientRect(), place.getBoundingClientRect()]
  const dx = box.left < view.left ? box.left - view.left - 20 : Math.max(0, box.right - view.right + 20)
  const dy = box.top < view.top ? box.top - view.top - 20 : Math.max(0, box.bottom - view.bottom + 20)
  if (dx !== 0 || dy !== 0) place.scrollBy(dx, dy)
}
