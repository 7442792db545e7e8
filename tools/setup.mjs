// Set-up of a checkout. It runs on whatever Node the machine has, so this file keeps to syntax
// that old versions parse: otherwise the check below could not explain itself.
const oldest = [20, 11];
const version = process.versions.node.split('.').map(Number);

if (version[0] < oldest[0] || (version[0] === oldest[0] && version[1] < oldest[1])) {
  console.error(
    `Faultline needs Node.js ${oldest.join('.')} or newer to set itself up; ` +
      `this is ${process.versions.node} (${process.execPath}).\n` +
      'Install a current version from https://nodejs.org and run the command again.',
  );
  process.exitCode = 1;
} else {
  import('./setup/main.mjs')
    .then(({ main }) => main(process.argv.slice(2)))
    .then((code) => {
      process.exitCode = code;
    });
}
