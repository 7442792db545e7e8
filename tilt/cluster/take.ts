import type { Command } from './run.ts';
import type { Step } from './steps.ts';

type Shell = {
  runAll: (commands: readonly Command[]) => Promise<void>;
  succeeds: (command: Command) => Promise<boolean>;
  outputOf: (command: Command) => Promise<string>;
  say: (text: string) => void;
};

/**
 * Takes a step and checks that it is done. Where its commands fail, as they do without a network, it
 * is enough that what is pinned was installed before. Throws with the remedy.
 */
export async function take(name: string, step: Step, shell: Shell): Promise<void> {
  try {
    await shell.runAll(step.commands);
  } catch (error) {
    const { installed } = step;
    const isThere =
      installed !== undefined && (await shell.outputOf(installed.command)).includes(installed.text);
    if (!isThere) throw new Error(`${name}: ${String(error)}: ${step.remedy}`, { cause: error });
    shell.say(`${name}: going on with what is installed, which is what is pinned\n`);
  }
  for (const check of step.check) {
    if (!(await shell.succeeds(check))) throw new Error(`${name} is not ready: ${step.remedy}`);
  }
}
