import type { Command, Option } from 'commander'
import type { StoreChoice } from '../shell-line.ts'
import { Terminal, type Manner } from '../terminal.ts'

/** What a command does with its options. */
export type Work<Options> = (options: Options, choice: StoreChoice, terminal: Terminal) => Promise<number>

/** A verb to be added. */
export interface VerbSpec {
  /** Its name, and its arguments as commander writes them. */
  readonly syntax: string
  readonly about: string
  /** Without the name of the program. */
  readonly examples: readonly string[]
  readonly options?: readonly Option[]
  /** Described arguments, by name. */
  readonly args?: Readonly<Record<string, string>>
}

/** Adds commands to the program, all of one form. */
export class Verbs {
  readonly #program: Command
  readonly #finish: (code: number) => void
  readonly #parent: Command
  readonly #group: string

  constructor(program: Command, finish: (code: number) => void, parent: Command, group: string) {
    this.#program = program
    this.#finish = finish
    this.#parent = parent
    this.#group = group
  }

  /** Commands under another one, or under another heading. */
  within(parent: Command, group: string): Verbs {
    return new Verbs(this.#program, this.#finish, parent, group)
  }

  /** A command. `work` is given its arguments in their order, and does what it is for. */
  add<Options extends object = object>(
    { syntax, about, examples, options = [], args = {} }: VerbSpec,
    work: (words: Words, ...rest: Parameters<Work<Options>>) => Promise<number>,
  ): Command {
    const [name = '', ...words] = syntax.split(' ')
    const command = this.#parent
      .command(name)
      .helpGroup(this.#group)
      .summary(about.split(/(?<=\.) /)[0] ?? about)
      .description(about)
      .addHelpText('after', exampleText(examples))
    for (const word of words) command.argument(word, args[word.replace(/^[<[]|(\.\.\.)?[\]>]$/g, '')])
    for (const option of options) command.addOption(option)
    command.action(async () => {
      const given = command.optsWithGlobals<Options & Manner & { readonly store: string }>()
      const choice = { url: given.store, named: this.#program.getOptionValueSource('store') === 'cli' }
      this.#finish(await work(new Words(command.processedArgs), given, choice, new Terminal(given)))
    })
    return command
  }

  /** A command that only has commands under it. */
  folder(name: string, about: string, examples: readonly string[]): Command {
    return this.#parent
      .command(name)
      .helpGroup(this.#group)
      .description(about)
      .addHelpText('after', exampleText(examples))
  }
}

/** The arguments of a command, in their order. */
export class Words {
  readonly #given: readonly unknown[]

  constructor(given: readonly unknown[]) {
    this.#given = given
  }

  /** One that is required. */
  at(index: number): string {
    return this.#given[index] as string
  }

  /** One that may be left out. */
  maybe(index: number): string | undefined {
    return this.#given[index] as string | undefined
  }

  /** All that a `...` takes. */
  all(index: number): readonly string[] {
    return (this.#given[index] ?? []) as readonly string[]
  }
}

/** Examples under the help of a command. */
export function exampleText(commands: readonly string[]): string {
  return `\nExamples:\n${commands.map((command) => `  $ ${command.startsWith('echo') ? '' : 'stepwright '}${command}`).join('\n')}`
}
