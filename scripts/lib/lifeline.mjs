// Loaded into what a launcher starts. Descriptor 3 is a pipe to the launcher; when it closes, the launcher is gone,
// even by a kill that it could not pass on, and this process stops as if it had been asked to.
import { Socket } from 'node:net';

// Under --watch the program is a grandchild: the watcher holds the line for it and passes on that it ends.
if (!process.env.WATCH_REPORT_DEPENDENCIES) holdLine();

function holdLine() {
  const launcher = new Socket({ fd: 3, readable: true, writable: false });
  launcher.on('error', () => {});
  launcher.once('close', () => process.kill(process.pid, 'SIGTERM'));
  launcher.resume();
  launcher.unref();
}
