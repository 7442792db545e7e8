import { expect } from 'chai';
import { declaredType, sniffType } from './media-type.ts';

describe('sniffType', () => {
  const sniff = (text: string) => sniffType(Buffer.from(text, 'latin1'));

  it('knows the four formats by their first bytes', () => {
    expect(sniff('\xff\xd8\xff\xe0\0\x10JFIF')).to.equal('image/jpeg');
    expect(sniff('\x89PNG\r\n\x1a\n\0\0\0\rIHDR')).to.equal('image/png');
    expect(sniff('RIFF\x10\0\0\0WEBPVP8 ')).to.equal('image/webp');
    expect(sniff('\0\0\0\x1cftypavif\0\0\0\0avifmif1')).to.equal('image/avif');
    expect(sniff('\0\0\0\x1cftypmif1\0\0\0\0avifmif1')).to.equal('image/avif');
  });

  it('knows nothing else', () => {
    for (const text of [
      '',
      '\xff\xd8',
      'RIFF\x10\0\0\0WAVE',
      'GIF89a',
      '\0\0\0\x18ftypheic\0\0\0\0mif1heic',
      '\0\0\0\x10ftypisom\0\0\0\0avif',
      '\0\0\0\x14ftypisomavif',
      '\xff\xff\xff\xffftyp',
    ]) {
      expect(sniff(text), text).to.equal(undefined);
    }
  });
});

describe('declaredType', () => {
  it('reads the name alone, in any case', () => {
    expect(declaredType('Image/JPEG; charset=utf-8')).to.equal('image/jpeg');
    expect(declaredType(undefined)).to.equal(undefined);
    expect(declaredType('image/jpg')).to.equal(undefined);
  });
});
