import { byId, fill, make } from './elements.js'

/** The signals that would move a run now: a form for each where this page may send, else their names. */
export class Signals {
  #shown
  #send

  /** `send` takes a run, an event and who sends it, and resolves with the reply; `undefined` where this page may not send. */
  constructor(send) {
    this.#send = send
  }

  show(run, signals) {
    const key = `${run} ${signals.map(({ name }) => name).join(' ')}`
    if (key === this.#shown) return // what is being written stays
    this.#shown = key
    if (!this.#send) {
      const names = signals.map(({ name }) => make('code', {}, name))
      const hint = make(
        'p',
        { class: 'none' },
        'Read-only. Start with --allow-send to send signals from here.',
      )
      return fill('signals', names.length > 0 ? [...names, hint] : [])
    }
    fill(
      'signals',
      signals.map((signal) => this.#form(run, signal)),
    )
  }

  #form(run, { name, type, roles }) {
    const who = roles && askWho(name, roles)
    const payload = make(
      'textarea',
      { rows: '2', spellcheck: 'false', 'aria-label': `Payload of ${name}, as JSON` },
      '{}',
    )
    const answer = make('output', {})
    const send = async (event) => {
      event.preventDefault()
      const value = read(payload.value)
      if (!value) return say(answer, 'bad', 'The payload is not a JSON object.')
      const as = who?.read()
      if (as?.id === '') return say(answer, 'bad', 'Say who you are.')
      say(answer, 'none', 'sending')
      const { accepted, message } = await this.#send(run, { ...value, type }, as)
      if (accepted) say(answer, 'good', 'accepted')
      else say(answer, 'bad', message)
    }
    return make(
      'form',
      { onsubmit: send },
      ...(who?.fields ?? []),
      payload,
      make('button', {}, `Send ${name}`),
      answer,
    )
  }

  hide() {
    this.#shown = undefined
    byId('signals').hidden = true
  }
}

/** Who sends a signal that not anybody may send, or not twice. */
function askWho(name, needed) {
  const field = (label, value) =>
    make('input', { value, placeholder: label, 'aria-label': `${label} for ${name}`, autocomplete: 'off' })
  const id = field('Your name', '')
  const roles = field('Your roles', needed[0] ?? '')
  const read = () => ({ id: id.value.trim(), roles: roles.value.split(/[\s,]+/).filter(Boolean) })
  return { fields: [id, roles], read }
}

function say(answer, tone, text) {
  answer.className = tone
  answer.textContent = text
}

function read(text) {
  try {
    const value = JSON.parse(text.trim() || '{}')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
