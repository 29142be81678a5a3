import type { Definition } from '../../definition/definition.ts'
import { sourceOf, type Source } from './source.ts'

/**
 * The doc comments of a workflow's methods, by the states that they handle; of a longer one the first paragraph.
 *
 * @example
 * await toSvg(definition, { descriptions: docComments(definition, await readSource(['article.ts'])) })
 */
export function docComments(definition: Definition, source: Source | undefined): ReadonlyMap<string, string> {
  const methods = sourceOf(definition, source)?.methods
  return new Map(
    [...definition.states.values()].flatMap(({ name, method }) => {
      const doc = method === undefined ? undefined : methods?.get(method)?.doc
      const [first = ''] = doc?.split(/\n\s*\n/) ?? []
      return first === '' ? [] : [[name, first.replaceAll(/\s+/g, ' ')] as const]
    }),
  )
}
