import { FatalError } from '../model/failure.ts'

/**
 * Stands for a resource that a test has nothing for: whatever is done with it throws a `FatalError` that names it.
 *
 * @example
 * createTestEngine({ workflows: [Article], resources: { llm: fake, mailer: unstubbed('mailer') } })
 */
export function unstubbed(name: string): never {
  const refuse = (what: string): never => {
    throw new FatalError(
      `${what} was used, and this test has nothing in its place: it is unstubbed(${JSON.stringify(name)})`,
    )
  }
  const used = (key: string | symbol): unknown =>
    typeof key === 'string' && key !== 'then'
      ? refuse(`${name}.${key}`)
      : key === Symbol.toPrimitive
        ? refuse(name)
        : undefined // engines ask whether it is bound, promises whether it is one
  return new Proxy(class {}, {
    get: (_target, key) => used(key),
    apply: () => refuse(name),
    construct: () => refuse(`new ${name}`),
  }) as never
}
