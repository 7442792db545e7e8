/** Why a picture was refused, as its owner is told. */
export type Rejection =
  | 'unsupported_format'
  | 'too_large'
  | 'too_many_frames'
  | 'corrupt'
  | 'took_too_long'
  | 'processing_failed';

/** A size of a picture, as WebP. */
export type EncodedRendition = { width: number; height: number; bytes: Uint8Array };

/** What the decoder process is asked. `draw` is for pictures of our own making. */
export type Task = { kind: 'render'; bytes: Uint8Array } | { kind: 'draw'; svg: string };

/** What it answers. */
export type Answer =
  | { kind: 'rendered'; renditions: EncodedRendition[] }
  | { kind: 'drawn'; png: Uint8Array }
  | { kind: 'refused'; reason: Rejection };
