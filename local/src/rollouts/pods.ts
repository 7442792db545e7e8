import type { Canary } from './canary.ts';

type Labels = Readonly<Record<string, string>>;

/** The labels by which Flagger tells two versions apart: the first that a selector has. */
const labelKeys = ['app', 'name', 'app.kubernetes.io/name'];

/** The label that the primary's pods have another value of. Throws when a selector has none. */
export function versionLabel(selector: Labels): { key: string; value: string } {
  const key = labelKeys.find((candidate) => selector[candidate] !== undefined);
  const value = key === undefined ? undefined : selector[key];
  if (key !== undefined && value !== undefined) return { key, value };
  const found = Object.keys(selector).join(', ');
  throw new Error(`tell versions apart: expected one of ${labelKeys.join(', ')}, not ${found}`);
}

/** Labels of the primary's pods, made from those of the target's. */
export function primaryLabels(labels: Labels, selector: Labels): Record<string, string> {
  const { key, value } = versionLabel(selector);
  return { ...labels, [key]: `${value}-primary` };
}

/** The selectors of the three Services of a Canary, by name. */
export function selectorsOf(canary: Canary, selector: Labels): Map<string, Labels> {
  const { apex, primary, canary: newOne } = canary.services;
  const { key, value } = versionLabel(selector);
  const ofPrimary = { [key]: `${value}-primary` };
  return new Map<string, Labels>([
    [apex, ofPrimary],
    [primary, ofPrimary],
    [newOne, { [key]: value }],
  ]);
}
