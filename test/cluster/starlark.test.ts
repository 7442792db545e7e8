import { expect } from 'chai';
import { run, Scope } from './support/starlark/evaluate.ts';
import { universe } from './support/starlark/methods.ts';
import { parseFile } from './support/starlark/parser.ts';
import { toPlain } from './support/tilt/arguments.ts';

/** What `result` is after a program. */
function result(program: string): unknown {
  const file = '/x/Tiltfile';
  const scope = new Scope(file, new Map(), new Scope(file, new Map(universe)));
  run(parseFile(program, file), { scope, load: () => new Map() });
  return toPlain(scope.get('result'));
}

/** As go.starlark.net answers them. */
const programs: [program: string, expected: unknown][] = [
  ['result = 1 + 2', 3],
  ["result = 'a' + \"b\" + '''c\nd'''", 'abc\nd'],
  ["result = '%s=%d' % ('a', 1) + '%s' % 'b'", 'a=1b'],
  ["result = [x + y for x in ['a', 'b'] for y in ['1', '2'] if x + y != 'b1']", ['a1', 'a2', 'b2']],
  ["result = {k: v for k, v in {'a': 1}.items()}", { a: 1 }],
  ["result = 'x' if [] else 'y'", 'y'],
  [
    "result = [not 'a' in ['a'], 'b' not in 'abc', None == None, 1 != 2]",
    [false, false, true, true],
  ],
  ["result = [] or 'x' and 'y'", 'y'],
  [
    "def f(a, b='c', *rest):\n    return [a, b] + list(rest)\nresult = f('1') + f('2', '3', '4')",
    ['1', 'c', '2', '3', '4'],
  ],
  [
    "def f(x):\n    if x == 1:\n        return 'one'\n    elif x == 2:\n        return 'two'\n    else:\n        return 'many'\nresult = [f(x) for x in range(4)]",
    ['many', 'one', 'two', 'many'],
  ],
  [
    "result = []\nfor i, x in enumerate(['a', 'b']):\n    result.append(x)\n    # a comment\n\nresult += ['c']",
    ['a', 'b', 'c'],
  ],
  [
    "d = {'a': 1}\nd['b'] = 2\nresult = [d.get('c', 3), len(d), d['b'], 'a' in d, sorted(d.keys())]",
    [3, 2, 2, true, ['a', 'b']],
  ],
  ["result = [\n    'a',\n    struct(b='c').b,\n]", ['a', 'c']],
  ["result = ', '.join({'b': 1, 'a': 2})", 'b, a'],
  ["result = 'a.yaml'.replace('.yaml', '').capitalize()", 'A'],
];

const wrong: [program: string, expected: RegExp][] = [
  ['result = nothing', /Tiltfile:1: undefined: nothing/],
  ["result = 'a' + 1", /cannot add a number to a string/],
  ["def f(a):\n    return a\nresult = f(b='x')", /Tiltfile:3: f: no parameter b/],
  ['def f(a):\n    return a\nresult = f()', /f: missing a/],
  ["result = {}['a']", /a dict has nothing at "a"/],
  ["result = 'a'.length()", /a string has no length/],
  ["fail('no cluster')", /Tiltfile:1: no cluster/],
  ['result = [1', /Tiltfile:\d: expected ','/],
  ['if True:\nresult = 1', /expected an indented block/],
  ['result = 1 $ 2', /unexpected "\$"/],
  ["result = '%s %s' % 'a'", /too few values/],
];

describe('the Starlark of the tests', () => {
  for (const [program, expected] of programs) {
    it(`runs ${JSON.stringify(program)}`, () => {
      expect(result(program)).to.deep.equal(expected);
    });
  }

  for (const [program, expected] of wrong) {
    it(`refuses ${JSON.stringify(program)}`, () => {
      expect(() => result(program)).to.throw(expected);
    });
  }
});
