'use strict';

const $ = id => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';

/* --- talking to the command --- */

/** A question; rejects with its words when the command refuses it. */
async function ask(name, question = {}) {
  let response;
  try {
    response = await fetch(name === 'describe' ? name : 'ask/' + name, {method: 'POST', body: JSON.stringify(question)});
  } catch {
    throw trouble('The command has ended. Start elbo explore again, and open the address that it prints.');
  }
  const text = await response.text();
  if (response.headers.get('Content-Type') !== 'application/json') throw trouble(text);
  const answer = JSON.parse(text);
  if (!response.ok) throw trouble(answer.error);
  trouble('');
  return answer;
}

function trouble(words) {
  $('trouble').hidden = !words;
  $('trouble').textContent = words;
  return new Error(words);
}

/** One question at a time, and then only the latest: a slider asks faster than anybody answers. */
function latest(work) {
  let busy = false, waiting = null;
  return async function go(...args) {
    if (busy) { waiting = args; return; }
    busy = true;
    try {
      await work(...args);
    } catch (error) {
      if ($('trouble').hidden) throw error;
    } finally {
      busy = false;
      if (waiting) { const next = waiting; waiting = null; go(...next); }
    }
  };
}

/* --- pictures --- */

const bytesOf = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));

function textOf(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Height, width and channels of an example; what is no picture is drawn as bars. */
function extents(item) {
  return item.length >= 2
    ? {height: item[0], width: item[1], channels: item[2] ?? 1, bars: false}
    : {height: 32, width: item[0], channels: 1, bars: true};
}

function toImage(bytes, from, size) {
  const image = new ImageData(size.width, size.height);
  for (let i = 0; i < size.width * size.height; i++) {
    for (let c = 0; c < 3; c++) {
      image.data[4 * i + c] = size.bars
        ? (bytes[from + i % size.width] / 255 > 1 - (Math.floor(i / size.width) + 1) / size.height ? 255 : 0)
        : bytes[from + i * size.channels + (size.channels === 3 ? c : 0)];
    }
    image.data[4 * i + 3] = 255;
  }
  return image;
}

function paint(canvas, bytes, size, from = 0) {
  if (canvas.width !== size.width || canvas.height !== size.height) {
    canvas.width = size.width;
    canvas.height = size.height;
  }
  canvas.getContext('2d').putImageData(toImage(bytes, from, size), 0, 0);
}

/** A file as an example: fitted into its extents, grey where examples are. */
async function readPicture(file, size, invert) {
  const bitmap = await createImageBitmap(file);
  const canvas = document.createElement('canvas');
  canvas.width = size.width;
  canvas.height = size.height;
  const context = canvas.getContext('2d');
  context.fillStyle = invert ? '#fff' : '#000';
  context.fillRect(0, 0, size.width, size.height);
  const scale = Math.min(size.width / bitmap.width, size.height / bitmap.height);
  const width = bitmap.width * scale, height = bitmap.height * scale;
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, (size.width - width) / 2, (size.height - height) / 2, width, height);
  const data = context.getImageData(0, 0, size.width, size.height).data;
  const bytes = new Uint8Array(size.width * size.height * size.channels);
  for (let i = 0; i < size.width * size.height; i++) {
    const [r, g, b] = [data[4 * i], data[4 * i + 1], data[4 * i + 2]].map(v => invert ? 255 - v : v);
    if (size.channels === 3) bytes.set([r, g, b], 3 * i);
    else bytes[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  }
  return bytes;
}

/** The shelf and the drop zone, where a room has them; `take` gets the bytes of what was chosen. */
function picturesToTake(shelf, size, take) {
  shelf.pictures.forEach((picture, i) => {
    const button = document.createElement('button');
    const canvas = document.createElement('canvas');
    const bytes = bytesOf(picture);
    paint(canvas, bytes, size);
    canvas.className = 'pixels';
    button.append(canvas);
    button.title = shelf.names[i] || 'example ' + (i + 1);
    button.setAttribute('aria-label', 'Held-out example ' + button.title);
    button.onclick = () => take(bytes);
    document.querySelector('.shelf').append(button);
  });
  const drop = $('drop'), input = drop.querySelector('input');
  if (size.bars) { drop.hidden = true; $('invert').parentElement.hidden = true; return; }
  const read = async file => {
    if (!file) return;
    try {
      take(await readPicture(file, size, $('invert').checked));
    } catch {
      trouble('This file is no picture that the browser can read: ' + file.name);
    }
  };
  input.onchange = () => { read(input.files[0]); input.value = ''; };
  drop.ondragover = event => { event.preventDefault(); drop.classList.add('over'); };
  drop.ondragleave = () => drop.classList.remove('over');
  drop.ondrop = event => {
    event.preventDefault();
    drop.classList.remove('over');
    read(event.dataTransfer.files[0]);
  };
}

function pace(began) {
  $('pace').textContent = (performance.now() - began).toFixed(0) + ' ms, there and back';
}

/* --- imputation, of every model that fills in --- */

function imputation(size, start) {
  const n = size.width * size.height, canvas = $('mask');
  let given = start, filled = start.slice(), state = start.slice(), at = 0, running = false;
  const mask = new Uint8Array(n * size.channels);
  const style = getComputedStyle(document.documentElement);

  function show() {
    paint(canvas, given, size);
    const context = canvas.getContext('2d');
    context.fillStyle = style.getPropertyValue('--c1');
    for (let i = 0; i < n; i++) {
      if (mask[i * size.channels]) context.fillRect(i % size.width, Math.floor(i / size.width), 1, 1);
    }
    paint($('filled'), filled, size);
  }

  /* What is hidden starts from noise: what was there before must not help. */
  function begin() {
    for (let i = 0; i < mask.length; i++) {
      filled[i] = state[i] = mask[i] ? Math.floor(Math.random() * 256) : given[i];
    }
    at = 0;
    show();
  }

  function hide(where) {
    for (let i = 0; i < n; i++) {
      if (where(i % size.width, Math.floor(i / size.width))) mask.fill(255, i * size.channels, (i + 1) * size.channels);
    }
    begin();
  }

  async function go() {
    while (running) {
      const answer = await ask('impute', {picture: textOf(state), mask: textOf(mask), at: at++});
      filled = bytesOf(answer.picture);
      state = bytesOf(answer.state);
      $('rounds').textContent = 'filled in, round ' + at;
      show();
      await new Promise(resolve => setTimeout(resolve, 60));
    }
  }

  function press(on) {
    running = on;
    $('fill').setAttribute('aria-pressed', on);
    $('fill').textContent = on ? 'Pause' : 'Fill in';
    if (on) go().catch(() => press(false));
  }

  function brushAt(event) {
    const box = canvas.getBoundingClientRect();
    const x = Math.floor((event.clientX - box.left) / box.width * size.width);
    const y = Math.floor((event.clientY - box.top) / box.height * size.height);
    const reach = Number($('brush').value);
    hide((i, j) => Math.abs(i - x) <= reach && Math.abs(j - y) <= reach);
  }

  canvas.onpointerdown = event => { canvas.setPointerCapture(event.pointerId); brushAt(event); };
  canvas.onpointermove = event => { if (event.buttons) brushAt(event); };
  $('hide-left').onclick = () => hide(x => x < size.width / 2);
  $('hide-lower').onclick = () => hide((x, y) => y >= size.height / 2);
  $('clear').onclick = () => { mask.fill(0); begin(); };
  $('fill').onclick = () => press(!running);
  show();
  return bytes => { given = bytes; begin(); };
}

/* --- a room for models with codes --- */

async function latentRoom(model) {
  const size = extents(model.shelf.item);
  const colours = getComputedStyle(document.documentElement);
  const z = new Array(model.dimensions).fill(0);
  const reach = Math.max(2.5, ...model.points.flatMap(p => p.z.map(Math.abs)));
  const side = 15;
  let tiles = null;

  const decode = latest(async () => {
    const began = performance.now();
    const answer = await ask('decode', {z});
    paint($('picture'), bytesOf(answer.picture), size);
    pace(began);
  });

  const fillPlane = latest(async () => {
    if (model.dimensions < 2) return;
    const answer = await ask('plane', {z, across: across(), up: up(), side, reach: [reach]});
    const bytes = bytesOf(answer.pictures);
    tiles = document.createElement('canvas');
    tiles.width = side * size.width;
    tiles.height = side * size.height;
    const each = size.width * (size.bars ? 1 : size.height * size.channels);
    for (let cell = 0; cell < side * side; cell++) {
      const [x, y] = [cell % side * size.width, Math.floor(cell / side) * size.height];
      tiles.getContext('2d').putImageData(toImage(bytes, cell * each, size), x, y);
    }
    drawPlane();
  });

  const across = () => Number($('across').value), up = () => Number($('up').value);

  /* A grid point lies in the middle of its tile, so the tiles reach half a tile beyond the outermost codes. */
  const beyond = Math.ceil(100 * reach * side / (side - 1)) / 100;

  function drawPlane() {
    const canvas = $('plane'), ratio = Math.min(2, devicePixelRatio || 1);
    const width = Math.round(canvas.clientWidth * ratio);
    if (!width) return;
    canvas.width = canvas.height = width;
    const context = canvas.getContext('2d');
    const place = value => (value / beyond + 1) / 2 * width;
    context.imageSmoothingEnabled = false;
    if (tiles) context.drawImage(tiles, 0, 0, width, width);
    if ($('show-points').checked) {
      context.fillStyle = 'rgba(0, 0, 0, .4)';
      context.fillRect(0, 0, width, width);
      for (const point of model.points) {
        context.fillStyle = colour(point.label);
        context.beginPath();
        context.arc(place(point.z[across()]), place(-point.z[up()]), 2.2 * ratio, 0, 7);
        context.fill();
      }
    }
    for (const [stroke, line] of [['#000', 5], ['#fff', 2.5]]) {
      context.strokeStyle = stroke;
      context.lineWidth = line * ratio;
      context.beginPath();
      context.arc(place(z[across()]), place(-z[up()]), 9 * ratio, 0, 7);
      context.stroke();
    }
  }

  /* Points lie on black, whatever the page: the palette of dark pages. */
  const DOTS = ['#74a9ff', '#ff9f6e', '#69d07e', '#d99bf0', '#ff8fb3', '#66d9e8', '#ffd43b', '#b197fc', '#ced4da', '#faa2c1'];
  const colour = label => DOTS[label % DOTS.length];

  function moved(redrawPlane) {
    z.forEach((value, i) => {
      const input = $('z' + i);
      input.value = value;
      input.nextElementSibling.value = value.toFixed(2);
    });
    decode();
    drawPlane();
    if (redrawPlane) fillPlane();
  }

  z.forEach((_, i) => {
    const row = document.createElement('label');
    row.className = 'slider';
    row.innerHTML = '<span></span><input type="range" step="0.01"><output>0.00</output>';
    const [name, input, output] = row.children;
    name.textContent = 'z' + (i + 1);
    Object.assign(input, {id: 'z' + i, min: -beyond, max: beyond, value: 0});
    input.oninput = () => {
      z[i] = Number(input.value);
      output.value = z[i].toFixed(2);
      decode();
      drawPlane();
      if (i !== across() && i !== up()) fillPlane();
    };
    $('sliders').append(row);
    for (const select of [$('across'), $('up')]) select.add(new Option('z' + (i + 1), i));
  });

  /* The two directions in which the data differ most are shown first. */
  const spread = i => {
    const values = model.points.map(p => p.z[i]), mean = values.reduce((a, b) => a + b, 0) / values.length;
    return values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  };
  const order = z.map((_, i) => i);
  if (model.dimensions > 2 && model.points.length) order.sort((a, b) => spread(b) - spread(a));
  const [first, second] = order.slice(0, 2).sort((a, b) => a - b);
  $('across').value = first;
  $('up').value = second ?? first;
  if (model.dimensions < 2) $('plane-card').remove();
  $('across-label').hidden = $('up-label').hidden = model.dimensions === 2;
  $('across').onchange = $('up').onchange = () => { drawPlane(); fillPlane(); };
  $('show-points').onchange = drawPlane;
  $('show-points').parentElement.hidden = !model.points.length;
  model.classes.forEach((name, i) => {
    const entry = document.createElement('span'), dot = document.createElement('i');
    dot.style.background = colour(i);
    entry.append(dot, name);
    $('legend').append(entry);
  });
  $('legend').hidden = model.classes.length < 2 || model.classes.length > DOTS.length;

  const plane = $('plane');
  if (plane) {
    const follow = event => {
      const box = plane.getBoundingClientRect();
      const held = value => Math.max(-beyond, Math.min(beyond, value));
      z[across()] = held((2 * (event.clientX - box.left) / box.width - 1) * beyond);
      z[up()] = held((1 - 2 * (event.clientY - box.top) / box.height) * beyond);
      moved(false);
    };
    plane.onpointerdown = event => { plane.setPointerCapture(event.pointerId); follow(event); };
    plane.onpointermove = event => { if (event.buttons) follow(event); };
    plane.onkeydown = event => {
      const step = event.shiftKey ? 0.5 : 0.1;
      const move = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
      if (!move) return;
      event.preventDefault();
      z[across()] += step * move[0];
      z[up()] += step * move[1];
      moved(false);
    };
    new ResizeObserver(drawPlane).observe(plane);
  }
  $('centre').onclick = () => { z.fill(0); moved(true); };
  $('draw').onclick = () => {
    z.forEach((_, i) => {
      z[i] = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    });
    moved(true);
  };

  if (model.encodes) {
    const toImpute = model.imputes ? imputation(size, bytesOf(model.shelf.pictures[0])) : () => {};
    picturesToTake(model.shelf, size, async bytes => {
      const answer = await ask('encode', {picture: textOf(bytes)});
      answer.z.forEach((value, i) => { z[i] = value; });
      $('encoded').hidden = false;
      paint($('given'), bytes, size);
      paint($('returned'), bytesOf(answer.picture), size);
      moved(true);
      toImpute(bytes);
    });
  } else {
    $('encode-card').remove();
  }
  if (!model.encodes || !model.imputes) $('impute-card').remove();
  moved(true);
}

/* --- a room for restricted Boltzmann machines --- */

async function machineRoom(model) {
  const size = extents(model.shelf.item), n = size.width * size.height * size.channels;
  const across = Math.ceil(Math.sqrt(model.hidden));
  const units = {width: across, height: Math.ceil(model.hidden / across), channels: 1, bars: false};
  let state = new Uint8Array(n), at = 0, running = false;
  const energies = [];

  const step = latest(async () => {
    const began = performance.now();
    const steps = Math.max(1, Math.min(100, Number($('steps').value) || 1));
    const answer = await ask('gibbs', {picture: textOf(state), at: at++, steps});
    state = bytesOf(answer.state);
    paint($('picture'), bytesOf(answer.picture), size);
    const hidden = new Uint8Array(units.width * units.height);
    hidden.set(bytesOf(answer.hidden));
    paint($('units'), hidden, units);
    energies.push(answer.energy);
    if (energies.length > 200) energies.shift();
    spark();
    $('energy').textContent = 'free energy ' + answer.energy.toFixed(1) + ' nats, ' + at + ' answers';
    pace(began);
    if (running) setTimeout(step, 60);
  });

  function spark() {
    const low = Math.min(...energies), high = Math.max(...energies) + 1e-6, svg = $('energies');
    svg.setAttribute('viewBox', '0 0 200 100');
    svg.setAttribute('preserveAspectRatio', 'none');
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', energies.map((e, i) => (i ? 'L' : 'M') + i + ' ' + (95 - 90 * (e - low) / (high - low))).join(''));
    svg.replaceChildren(path);
  }

  function start(bytes) {
    state = bytes;
    at = 0;
    energies.length = 0;
    paint($('picture'), state, size);
    step();
  }

  function press(on) {
    running = on;
    $('run').setAttribute('aria-pressed', on);
    $('run').textContent = on ? 'Pause' : 'Run';
    if (on) step();
  }

  const noise = () => start(Uint8Array.from({length: n}, () => Math.random() < 0.5 ? 255 : 0));
  const toImpute = imputation(size, bytesOf(model.shelf.pictures[0]));
  picturesToTake(model.shelf, size, bytes => { start(bytes.slice()); toImpute(bytes); });
  $('step').onclick = () => step();
  $('run').onclick = () => press(!running);
  $('noise').onclick = noise;
  noise();
}

/* --- a room for models of sequences --- */

async function sequenceRoom(model) {
  let chosen = {sequence: 0}, variant = 0;
  const blank = new Set();
  const size = model.item.length === 2 ? extents(model.item) : null;
  $('which').max = model.count - 1;
  $('typing').hidden = !model.prompt;
  $('prompt').textContent = model.prompt ?? '';
  $('text').placeholder = model.example ?? '';
  $('hand').hidden = !size;

  const tag = latest(async () => {
    const began = performance.now();
    const answer = await ask('tag', {...chosen, blank: [...blank]});
    lattice(answer);
    taggings(answer);
    pace(began);
  });

  function choose(next) {
    chosen = next;
    blank.clear();
    tag();
  }

  const cut = (text, most) => text.length > most ? text.slice(0, most - 1) + '…' : text;

  function element(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  /* Tags that nobody believes in anywhere are left out, so that few rows stay. */
  function lattice(answer) {
    const length = answer.marginals.length;
    const best = answer.best.length ? answer.best[0].tags : [];
    const rows = model.tags.map((_, i) => i)
      .filter(i => best.includes(i) || answer.marginals.some(position => position[i] >= 0.01));
    const word = Math.max(1, ...answer.words.map(w => Math.min(12, w.length)));
    const cell = Math.max(34, answer.words.length ? 9 * word : 0), tall = 22, left = 96;
    const head = (size ? 64 : 8) + (answer.words.length ? 20 : 0), top = head + 24;
    const svg = $('chain');
    svg.replaceChildren();
    svg.setAttribute('width', left + cell * length + 8);
    svg.setAttribute('height', top + tall * rows.length + 8);
    const pictures = answer.pictures ? bytesOf(answer.pictures) : null;
    svg.append(element('text', {x: left - 8, y: head + 14, 'text-anchor': 'end', class: 'name'}, 'truth'));
    for (let t = 0; t < length; t++) {
      const x = left + cell * t;
      if (pictures) {
        const canvas = document.createElement('canvas');
        paint(canvas, blank.has(t) ? new Uint8Array(size.width * size.height) : pictures, size,
          blank.has(t) ? 0 : t * size.width * size.height);
        svg.append(element('image', {href: canvas.toDataURL(), x: x + 2, y: 2, width: cell - 4, height: 58,
          class: 'seen'}));
      }
      if (answer.words.length) {
        svg.append(element('text', {x: x + cell / 2, y: head - 6, 'text-anchor': 'middle'},
          blank.has(t) ? '…' : cut(answer.words[t], 12)));
      }
      const wrong = answer.gold[t] && best.length && answer.gold[t] !== model.tags[best[t]];
      svg.append(element('text', {x: x + cell / 2, y: head + 14, 'text-anchor': 'middle',
        class: wrong ? 'wrong' : 'name'}, answer.gold[t]));
    }
    rows.forEach((i, row) => {
      const y = top + tall * row;
      svg.append(element('text', {x: left - 8, y: y + 15, 'text-anchor': 'end', class: 'name'}, cut(model.tags[i], 12)));
      for (let t = 0; t < length; t++) {
        const p = answer.marginals[t][i];
        const square = element('rect', {x: left + cell * t, y, width: cell - 1, height: tall - 1, class: 'cell',
          'fill-opacity': p});
        svg.append(square);
      }
    });
    const line = best.map((i, t) => (t ? 'L' : 'M') + (left + cell * (t + 0.5)) + ' ' + (top + tall * (rows.indexOf(i) + 0.5)));
    if (best.length) svg.append(element('path', {d: line.join(''), class: 'path'}));
    for (let t = 0; t < length; t++) {
      const column = element('rect', {x: left + cell * t, y: 0, width: cell, height: top + tall * rows.length, class: 'column'});
      const believed = rows.map(i => [answer.marginals[t][i], model.tags[i]]).sort((a, b) => b[0] - a[0]).slice(0, 4);
      column.append(element('title', {}, believed.map(([p, name]) => name + ' ' + (100 * p).toFixed(1) + ' %').join('\n')));
      column.onclick = () => toggle(t);
      svg.append(column);
    }
    $('positions').replaceChildren(...Array.from({length}, (_, t) => {
      const button = document.createElement('button');
      button.textContent = t + 1;
      button.setAttribute('aria-pressed', blank.has(t));
      button.setAttribute('aria-label', 'Take position ' + (t + 1) + ' from the model');
      button.onclick = () => toggle(t);
      return button;
    }));
  }

  function toggle(t) {
    blank.has(t) ? blank.delete(t) : blank.add(t);
    tag();
  }

  function taggings(answer) {
    const letters = model.tags.every(name => name.length === 1);
    const header = '<tr><th>probability</th><th>tags</th></tr>';
    $('best').innerHTML = header;
    for (const path of answer.best) {
      const row = $('best').insertRow();
      row.insertCell().textContent = path.probability.toPrecision(3);
      row.insertCell().textContent = path.tags.map(i => model.tags[i]).join(letters ? '' : ' ');
    }
    if (!answer.best.length) {
      $('best').insertRow().insertCell().textContent = 'The model holds this sequence for impossible.';
    }
  }

  const pick = number => {
    const held = Math.max(0, Math.min(model.count - 1, Math.round(number) || 0));
    $('which').value = held;
    choose({sequence: held});
  };
  $('which').onchange = () => pick(Number($('which').value));
  $('previous').onclick = () => pick(Number($('which').value) - 1);
  $('next').onclick = () => pick(Number($('which').value) + 1);
  const typed = () => choose({text: $('text').value.trim() || model.example, variant});
  $('typing').onsubmit = event => { event.preventDefault(); typed(); };
  $('hand').onclick = () => { variant = (variant + 101) % 65536; typed(); };
  tag();
}

/* --- the page --- */

const ROOMS = {latent: latentRoom, machine: machineRoom, sequence: sequenceRoom};

async function main() {
  const model = await ask('describe');
  document.title = model.name + ' · elbo explore';
  $('name').textContent = model.name;
  $('summary').textContent = model.summary;
  const templates = model.kind === 'sequence' ? [model.kind] : [model.kind, 'impute'];
  templates.forEach(id => $('room').append($(id).content.cloneNode(true)));
  await ROOMS[model.kind](model);
  document.body.dataset.ready = 'true';
}

main().catch(error => { if ($('trouble').hidden) trouble(String(error)); });
