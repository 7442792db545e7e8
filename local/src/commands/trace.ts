import { EngineError } from '../engine-error.ts';
import { askObserver } from '../observers/ask.ts';
import { drawTrace, type JaegerTrace } from '../ui/trace-tree.ts';
import { printJson, UsageError, type Command } from './command.ts';

export const trace: Command = {
  name: 'trace',
  args: '<id>',
  summary: 'Show a trace as a tree, sidecars folded',
  example: 'faultline trace 4850254a035054aeb8cb77e792a56052 --sidecars',
  options: {
    sidecars: { type: 'boolean', help: 'with the spans of sidecars' },
    statements: { type: 'boolean', help: 'with each statement to a store by itself' },
  },
  async run(invocation) {
    const [id = ''] = invocation.args;
    if (!/^[0-9a-f]{1,32}$/i.test(id)) {
      throw new UsageError(
        `trace: expected a trace id of up to 32 hexadecimal digits, not '${id}'`,
      );
    }
    // Jaeger's own format.
    const answer = (await askObserver(invocation.dataDir, `api/traces/${id}`)) as {
      data: JaegerTrace[];
    };
    const [found] = answer.data;
    if (found === undefined) throw new EngineError(`there is no trace ${id}`);
    if (invocation.json) printJson(invocation, found);
    else {
      const options = {
        sidecars: invocation.flags['sidecars'] === true,
        statements: invocation.flags['statements'] === true,
      };
      invocation.terminal.out(`${drawTrace(found, options).join('\n')}\n`);
    }
    return 0;
  },
};
