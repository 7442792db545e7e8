export type Ending = 'promoted' | 'rolled-back' | 'refused';

/** How each release of `examples/releases` has to end, by name, in the order they are tried. */
export const endings: Readonly<Record<string, Ending>> = {
  'price-label.good': 'promoted',
  'all-errors.bad': 'rolled-back',
  'all-errors.good': 'promoted',
  'some-errors.bad': 'rolled-back',
  'some-errors.good': 'promoted',
  'slow.bad': 'rolled-back',
  'slow.good': 'promoted',
  'crash-at-boot.bad': 'rolled-back',
  'crash-at-boot.good': 'promoted',
  'never-ready.bad': 'rolled-back',
  'never-ready.good': 'promoted',
  'event.bad': 'refused',
  'event.good': 'promoted',
  'memory-leak.bad': 'rolled-back',
  'memory-leak.good': 'promoted',
};
