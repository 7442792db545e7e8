import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../tools/config.ts';

type Stage = { name: string; lines: string[] };

/** The text of a service's Dockerfile. */
export function dockerfile(service: string): string {
  return readFileSync(join(root, 'services', service, 'Dockerfile'), 'utf8');
}

/** Its stages in order; the last, which has no name, is `image`. */
export function stagesOf(text: string): Stage[] {
  return text.split(/^(?=FROM )/m).flatMap((part) => {
    const [head = '', ...lines] = part.split('\n').filter((line) => /^[A-Z]+ /.test(line));
    if (!head.startsWith('FROM ')) return [];
    return [{ name: / AS (\w+)$/.exec(head)?.[1] ?? 'image', lines: [head, ...lines] }];
  });
}

/** Takes away from an installed tree what the image of a service leaves out. */
export function prune(service: string, dir: string): void {
  execFileSync('sh', ['-c', pruningOf(service)], { cwd: dir });
}

/** The endings of what the image of a service leaves out of packages, such as `.map`. */
export function prunedEndings(service: string): string[] {
  return [...pruningOf(service).matchAll(/-name '\*(\.[^']+)'/g)].map(([, ending = '']) => ending);
}

function pruningOf(service: string): string {
  const [dependencies] = stagesOf(dockerfile(service));
  const line = dependencies?.lines.find((one) => one.startsWith('RUN find '));
  if (line === undefined) throw new Error(`prune ${service}: its Dockerfile takes nothing away`);
  return line.slice('RUN '.length);
}
