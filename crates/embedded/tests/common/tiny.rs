//! A GGUF file of a few kilobytes: one layer 32 wide over bytes, with weights from a counter. It computes
//! nonsense, but by the same path as a real model.

/// A file as it is built: the metadata, the tensors' list, their bytes.
#[derive(Default)]
pub struct Builder {
    keys: Vec<Vec<u8>>,
    tensors: Vec<Vec<u8>>,
    data: Vec<u8>,
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

impl Builder {
    fn key(&mut self, name: &str, kind: u32, value: &[u8]) {
        self.keys.push([text(name), kind.to_le_bytes().to_vec(), value.to_vec()].concat());
    }

    pub fn int(&mut self, name: &str, value: u32) {
        self.key(name, 4, &value.to_le_bytes());
    }

    pub fn float(&mut self, name: &str, value: f32) {
        self.key(name, 6, &value.to_le_bytes());
    }

    pub fn text(&mut self, name: &str, value: &str) {
        self.key(name, 8, &text(value));
    }

    pub fn list(&mut self, name: &str, kind: u32, values: &[Vec<u8>]) {
        let head = [kind.to_le_bytes().to_vec(), (values.len() as u64).to_le_bytes().to_vec()].concat();
        self.key(name, 9, &[head, values.concat()].concat());
    }

    pub fn tensor(&mut self, name: &str, shape: &[u64], kind: u32, bytes: &[u8]) {
        let mut entry = [text(name), (shape.len() as u32).to_le_bytes().to_vec()].concat();
        entry.extend(shape.iter().flat_map(|n| n.to_le_bytes()));
        entry.extend(kind.to_le_bytes());
        entry.extend((self.data.len() as u64).to_le_bytes());
        self.tensors.push(entry);
        self.data.extend(bytes);
        self.data.resize(self.data.len().next_multiple_of(32), 0);
    }

    /// The file, and how long its head is.
    pub fn build(&self) -> (Vec<u8>, usize) {
        let mut file = [b"GGUF".to_vec(), 3u32.to_le_bytes().to_vec()].concat();
        file.extend((self.tensors.len() as u64).to_le_bytes());
        file.extend((self.keys.len() as u64).to_le_bytes());
        file.extend(self.keys.concat());
        file.extend(self.tensors.concat());
        let head = file.len();
        file.resize(head.next_multiple_of(32), 0);
        file.extend(&self.data);
        (file, head)
    }
}

/// Blocks of weights: half-precision scales near 1/16, and bytes from a counter.
fn blocks(count: usize, scales: usize, quants: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut block = || {
        let mut bytes = [0x00u8, 0x2c, 0x00, 0xb0][..scales * 2].to_vec();
        bytes.extend((0..quants).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_le_bytes()[3]
        }));
        bytes
    };
    (0..count).flat_map(|_| block()).collect()
}

const TEMPLATE: &str = "{% for m in messages %}<s>{{ m['role'] }}:{{ m['content'] }}</s>{% endfor %}<s>";

/// The tiny model: 256 byte tokens, one merge (`ab`), and `<s>` and `</s>`.
pub fn model() -> Builder {
    let mut file = Builder::default();
    file.text("general.architecture", "llama");
    file.text("general.name", "tiny");
    for (key, value) in [
        ("block_count", 1),
        ("context_length", 64),
        ("embedding_length", 32),
        ("feed_forward_length", 64),
        ("attention.head_count", 1),
    ] {
        file.int(&format!("llama.{key}"), value);
    }
    file.float("llama.attention.layer_norm_rms_epsilon", 1e-5);
    file.text("tokenizer.ggml.model", "gpt2");
    file.text("tokenizer.ggml.pre", "smollm");
    let spelled = |byte: u8| match byte {
        33..=126 | 161..=172 | 174..=255 => char::from(byte),
        0..=32 => char::from_u32(256 + u32::from(byte)).unwrap(),
        127..=160 => char::from_u32(256 + 33 + u32::from(byte - 127)).unwrap(),
        173 => '\u{143}',
    };
    let mut tokens: Vec<Vec<u8>> = (0..=255).map(|b| text(&spelled(b).to_string())).collect();
    tokens.extend([text("ab"), text("<s>"), text("</s>")]);
    let kinds: Vec<u32> = tokens.iter().enumerate().map(|(at, _)| if at > 256 { 3 } else { 1 }).collect();
    let kinds: Vec<Vec<u8>> = kinds.iter().map(|kind| kind.to_le_bytes().to_vec()).collect();
    file.list("tokenizer.ggml.tokens", 8, &tokens);
    file.list("tokenizer.ggml.token_type", 5, &kinds);
    file.list("tokenizer.ggml.merges", 8, &[text("a b")]);
    file.int("tokenizer.ggml.eos_token_id", 258);
    file.text("tokenizer.chat_template", TEMPLATE);
    file.tensor("token_embd.weight", &[32, 259], 8, &blocks(259, 1, 32, 1));
    let ones = [0x00, 0x3c].repeat(32);
    file.tensor("blk.0.attn_norm.weight", &[32], 1, &ones);
    for (name, columns, rows) in [
        ("attn_q", 32, 32),
        ("attn_k", 32, 32),
        ("attn_v", 32, 32),
        ("attn_output", 32, 32),
        ("ffn_gate", 32, 64),
        ("ffn_up", 32, 64),
        ("ffn_down", 64, 32),
    ] {
        let bytes = blocks(columns / 32 * rows, 2, 16, rows as u32);
        file.tensor(&format!("blk.0.{name}.weight"), &[columns as u64, rows as u64], 3, &bytes);
    }
    file.tensor("blk.0.ffn_norm.weight", &[32], 1, &ones);
    file.tensor("output_norm.weight", &[32], 0, &1f32.to_le_bytes().repeat(32));
    file
}
