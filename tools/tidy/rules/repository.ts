import { counted, type Rule } from '../rule.ts';

const bytesMax = 1024 * 1024;
/** Home directories, and the places where checkouts of particular people and machines live. */
const machinePath =
  /(?<![\w.])\/(?:home\/(?!node\/)[a-z][\w-]*|Users\/[A-Za-z][\w-]*|root|work)\/[\w.-]+/;

export const lockfile: Rule = {
  name: 'registry addresses in the lockfile',
  target: '0',
  check(project) {
    const lines = (project.texts.get('package-lock.json') ?? '').split('\n');
    return counted(
      lines.flatMap((text, index) => {
        if (!/"resolved": "https?:/.test(text)) return [];
        const message = `${text.trim()} ties the checkout to one registry`;
        return [{ path: 'package-lock.json', line: index + 1, message }];
      }),
    );
  },
};

export const machinePaths: Rule = {
  name: 'paths of one machine',
  target: '0',
  check(project) {
    return counted(
      [...project.texts].flatMap(([path, text]) =>
        text.split('\n').flatMap((line, index) => {
          const found = machinePath.exec(line)?.[0];
          return found === undefined
            ? []
            : [{ path, line: index + 1, message: `${found} exists on one machine only` }];
        }),
      ),
    );
  },
};

export const fileSize: Rule = {
  name: 'files over 1 MB',
  target: '0',
  check(project) {
    const large = [...project.sizes].filter(([, size]) => size > bytesMax);
    return counted(
      large.map(([path, size]) => ({ path, line: 0, message: `is ${Math.round(size / 1024)} kB` })),
    );
  },
};
