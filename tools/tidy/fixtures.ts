import { parseSources } from './parse.ts';
import { sourcesIn, unitOf, type Project } from './project.ts';

type Files = Record<string, string>;

/** Projects from memory, parsed together because each parse starts a compiler process. */
export function projectsOf(list: Files[]): Project[] {
  const prefixed = list.flatMap((files, index) =>
    Object.entries(files).map(([path, text]): [string, string] => [`${index}/${path}`, text]),
  );
  const asts = parseSources(sourcesIn(new Map(prefixed)));
  return list.map((files, index) => {
    const texts = new Map(Object.entries(files));
    const units = [...sourcesIn(texts).keys()].flatMap((path) => {
      const ast = asts.get(`${index}/${path}`);
      return ast === undefined ? [] : [unitOf(path, ast)];
    });
    const sizes = new Map([...texts].map(([path, text]) => [path, Buffer.byteLength(text)]));
    return { units, texts, sizes };
  });
}

export function lines(count: number, text = 'work();'): string {
  return Array.from({ length: count }, () => `${text}\n`).join('');
}
