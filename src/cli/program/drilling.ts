import { Option } from 'commander'
import { drillCommand, type DrillCommandOptions } from '../drill-command.ts'
import { duration, repeated, wholeNumber } from './options.ts'
import type { Verbs } from './verbs.ts'

/** `drill`: what a crash would do. */
export function addDrilling(verbs: Verbs): void {
  verbs.add<DrillCommandOptions>(
    {
      syntax: 'drill <file>',
      about:
        'Kill a run at each of its writes, recover it, and compare how it comes out. In real processes, each crash with a store of its own; waits take no time. Exit code 1 where a crash changes something.',
      args: { file: 'TypeScript or JavaScript file that exports the workflow class' },
      options: [
        new Option(
          '-i, --input <json>',
          'what the run starts with: JSON, @file, or - for stdin (default: {})',
        ),
        new Option('-w, --workflow <name>', 'which workflow, where the file exports several'),
        new Option('--session <id>', 'session of the run'),
        new Option(
          '--signal <name=json>',
          'sent when the run waits for it; name@who:role=json says by whom; may be repeated, in their order',
        ).argParser(repeated),
        new Option(
          '--effects <file>',
          'a file whose content is compared, put back before each run; may be repeated',
        ).argParser(repeated),
        new Option('--probe <command>', 'a shell command whose output is compared'),
        new Option('--reset <command>', 'a shell command that is called before each run'),
        new Option('--limit <n>', 'at most so many boundaries, spread over the run').argParser(
          wholeNumber(1),
        ),
        new Option('--every <n>', 'only every so many-th boundary').argParser(wholeNumber(1)),
        new Option('--parallel <n>', 'runs at once (default: as many as there are processors)').argParser(
          wholeNumber(1),
        ),
        new Option('--timeout <time>', 'how long one process may take').argParser(duration).default('1m'),
      ],
      examples: [
        'drill order.ts --input \'{"sku":"tea"}\'',
        "drill approval.ts --input @purchase.json --signal approve@mia:manager='{}' --signal approve@noa:finance='{}'",
        'drill order.ts --input @order.json --effects ledger.csv --limit 50',
        'drill order.ts --input @order.json --reset "psql -f empty.sql" --probe "psql -c \'select * from sent\'"',
      ],
    },
    (words, ...rest) => drillCommand(words.at(0), ...rest),
  )
}
