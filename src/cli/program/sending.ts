import { Option } from 'commander'
import type { Caller } from '../../model/caller.ts'
import { callbackCommand } from '../callback-command.ts'
import { signalCommand } from '../signal-command.ts'
import { updateCommand, type UpdateArguments } from '../update-command.ts'
import { asOption, duration } from './options.ts'
import type { Verbs } from './verbs.ts'

const payload = 'what it carries: JSON, @file, or - for stdin (default: {})'

/** Commands that send something to a run. */
export function addSending(verbs: Verbs): void {
  verbs.add<{ readonly id?: string; readonly as?: Caller }>(
    {
      syntax: 'signal <run> <name> [payload]',
      about: 'Send a signal to a run.',
      args: { run: 'id of the run', name: 'name of the signal', payload },
      options: [
        new Option('--id <id>', 'id of the signal: sent again with the same one, it is not applied twice'),
        asOption(),
      ],
      examples: [
        'signal article-7 approve \'{"by":"ada"}\'',
        'signal article-7 approve --as ada:editor,chief',
        'signal article-7 revise @notes.json --id mail-4711',
      ],
    },
    (words, options, ...rest) =>
      signalCommand({ run: words.at(0), name: words.at(1), payload: words.maybe(2), ...options }, ...rest),
  )

  verbs.add<Pick<UpdateArguments, 'id' | 'as' | 'timeout'>>(
    {
      syntax: 'update <run> <name> [payload]',
      about: 'Send a signal that is answered, and wait for the answer.',
      args: { run: 'id of the run', name: 'name of the signal', payload },
      options: [
        new Option('--id <id>', 'id of the signal: sent again with the same one, it gives the same answer'),
        new Option('--timeout <duration>', 'how long to wait for the answer')
          .argParser(duration)
          .default('30s'),
        asOption(),
      ],
      examples: [
        'update cart-9 add \'{"item":"pen"}\'',
        'update cart-9 add @item.json --timeout 5m --json',
        'update cart-9 add \'{"item":"pen"}\' --id order-1 --as ada',
      ],
    },
    (words, options, ...rest) =>
      updateCommand({ run: words.at(0), name: words.at(1), payload: words.maybe(2), ...options }, ...rest),
  )

  verbs.add(
    {
      syntax: 'callback <token> [payload]',
      about: 'Send the one signal that a callback token stands for.',
      args: { token: 'the token; one that begins with a dash is given after --', payload },
      examples: [
        'callback Zk3vQ0aX9bTtqE2m6Yc1dRwL8sHnJpUf5gKiOeVxB7A \'{"ok":true}\'',
        'callback -- -k3vQ0aX9bTtqE2m6Yc1dRwL8sHnJpUf5gKiOeVxB7A @answer.json',
      ],
    },
    (words, _options, ...rest) => callbackCommand(words.at(0), words.maybe(1), ...rest),
  )
}
