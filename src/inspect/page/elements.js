/** An element with attributes, handlers (`onclick`) and children; texts are never read as HTML. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element[key] = value
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? '' : value)
  }
  element.append(...children)
  return element
}

export function byId(id) {
  return document.getElementById(id)
}

/** A section of the details: shown with these children, hidden without. */
export function fill(id, children) {
  const section = byId(id)
  section.hidden = children.length === 0
  section.querySelector('div, ul, ol').replaceChildren(...children)
}
