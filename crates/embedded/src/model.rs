//! A loaded model: its shape, weights, tokenizer and chat template.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use crate::arith::BLOCK;
use crate::gguf::{Gguf, LoadError, Value};
use crate::template::{Prompt, PromptError, Template, Turn};
use crate::tokenizer::Tokenizer;
use crate::weights::{Matrix, read_vector};

/// A model of the Llama family, ready to run; it never changes once loaded.
#[derive(Debug)]
pub struct Model {
    name: String,
    pub(crate) shape: Shape,
    pub(crate) tokenizer: Tokenizer,
    template: Template,
    pub(crate) embedding: Matrix,
    pub(crate) layers: Vec<Layer>,
    pub(crate) output_norm: Vec<f32>,
    /// The head, where it is not the embedding again.
    output: Option<Matrix>,
}

/// The sizes of a model, each checked to fit the others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub context: usize,
    pub width: usize,
    pub heads: usize,
    pub key_heads: usize,
    pub head_width: usize,
    pub hidden: usize,
    pub vocabulary: usize,
    pub epsilon: f32,
    pub rope_base: f64,
}

/// The weights of one layer.
#[derive(Debug)]
pub(crate) struct Layer {
    pub attention_norm: Vec<f32>,
    pub query: Matrix,
    pub key: Matrix,
    pub value: Matrix,
    pub attention_output: Matrix,
    pub hidden_norm: Vec<f32>,
    pub gate: Matrix,
    pub up: Matrix,
    pub down: Matrix,
}

/// The context of a file that does not say.
const CONTEXT_DEFAULT: usize = 2048;
const LAYERS_MAX: usize = 1 << 10;
const WIDTH_MAX: usize = 1 << 16;
/// Position × width stays exact in the arithmetic of places.
const CONTEXT_MAX: usize = 1 << 20;

impl Model {
    /// Loads a GGUF file. Nothing in it is trusted: whatever is wrong with it comes back as an error.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load(path: &Path) -> Result<Model, LoadError> {
        Model::read(File::open(path)?)
    }

    pub(crate) fn read<R: Read + Seek>(source: R) -> Result<Model, LoadError> {
        let mut file = Gguf::read(source)?;
        let architecture = file.text("general.architecture")?;
        if architecture != "llama" {
            return Err(LoadError::Unsupported(format!("architecture `{architecture}`")));
        }
        let name = file.text("general.name").unwrap_or("unnamed").to_owned();
        let template = file.text("tokenizer.chat_template")?.to_owned();
        let tokenizer = Tokenizer::read(&mut file)?;
        let template = Template::new(&template, &tokenizer)?;
        let shape = Shape::read(&file, tokenizer.len())?;
        let count = file.count("llama.block_count", LAYERS_MAX)?;
        refuse_unknown_tensors(&file, count)?;
        let embedding = Matrix::read(&mut file, "token_embd.weight", shape.width, shape.vocabulary)?;
        let layers = (0..count).map(|at| Layer::read(&mut file, at, &shape)).collect::<Result<_, _>>()?;
        let output_norm = read_vector(&mut file, "output_norm.weight", shape.width)?;
        let output = match file.has("output.weight") {
            true => Some(Matrix::read(&mut file, "output.weight", shape.width, shape.vocabulary)?),
            false => None,
        };
        Ok(Model { name, shape, tokenizer, template, embedding, layers, output_norm, output })
    }

    /// The name the file gives itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many tokens a prompt and its answer may have together.
    pub fn context(&self) -> usize {
        self.shape.context
    }

    /// Renders the chat template with a generation prompt, and tokenises it. The length is exactly what
    /// generating from it reports as input.
    ///
    /// # Errors
    /// When the file's template refuses these turns.
    pub fn prompt(&self, turns: &[Turn]) -> Result<Prompt, PromptError> {
        self.template.prompt(turns, &self.tokenizer)
    }

    pub(crate) fn head(&self) -> &Matrix {
        self.output.as_ref().unwrap_or(&self.embedding)
    }
}

impl Shape {
    fn read<R: Read + Seek>(file: &Gguf<R>, vocabulary: usize) -> Result<Shape, LoadError> {
        let width = file.count("llama.embedding_length", WIDTH_MAX)?;
        let heads = file.count("llama.attention.head_count", WIDTH_MAX)?;
        let key_heads = match file.get("llama.attention.head_count_kv") {
            None => heads,
            Some(_) => file.count("llama.attention.head_count_kv", heads)?,
        };
        let head_width = width / heads;
        let context = match file.get("llama.context_length") {
            None => CONTEXT_DEFAULT,
            Some(_) => file.count("llama.context_length", CONTEXT_MAX)?,
        };
        let hidden = file.count("llama.feed_forward_length", WIDTH_MAX * 4)?;
        if width != heads * head_width || heads % key_heads != 0 {
            return Err(LoadError::Damaged("the width does not divide into the heads".into()));
        }
        if head_width % BLOCK != 0 || hidden % BLOCK != 0 {
            return Err(LoadError::Unsupported("a width that is not a multiple of 32".into()));
        }
        if let Some(Value::Text(scaling)) = file.get("llama.rope.scaling.type")
            && scaling != "none"
        {
            return Err(LoadError::Unsupported(format!("rotary scaling `{scaling}`")));
        }
        for key in
            ["llama.rope.dimension_count", "llama.attention.key_length", "llama.attention.value_length"]
        {
            if file.get(key).is_some() && file.count(key, WIDTH_MAX)? != head_width {
                return Err(LoadError::Unsupported(format!("`{key}` other than the width of a head")));
            }
        }
        let rope_base = match file.get("llama.rope.freq_base") {
            None => 10_000.0,
            Some(_) => file.float("llama.rope.freq_base")?,
        };
        let epsilon = file.float("llama.attention.layer_norm_rms_epsilon")?;
        if rope_base < 1.0 || !(0.0..1.0).contains(&epsilon) {
            return Err(LoadError::Damaged("the rotary base or the norm's epsilon is out of range".into()));
        }
        #[expect(clippy::cast_possible_truncation, reason = "it was a single-precision number in the file")]
        let epsilon = epsilon as f32;
        Ok(Shape { context, width, heads, key_heads, head_width, hidden, vocabulary, epsilon, rope_base })
    }

    /// Rows of the key and of the value matrix.
    pub(crate) fn key_width(&self) -> usize {
        self.key_heads * self.head_width
    }
}

impl Layer {
    fn read<R: Read + Seek>(file: &mut Gguf<R>, at: usize, shape: &Shape) -> Result<Layer, LoadError> {
        let (width, keys, hidden) = (shape.width, shape.key_width(), shape.hidden);
        let name = |part: &str| format!("blk.{at}.{part}.weight");
        Ok(Layer {
            attention_norm: read_vector(file, &name("attn_norm"), width)?,
            query: Matrix::read(file, &name("attn_q"), width, width)?,
            key: Matrix::read(file, &name("attn_k"), width, keys)?,
            value: Matrix::read(file, &name("attn_v"), width, keys)?,
            attention_output: Matrix::read(file, &name("attn_output"), width, width)?,
            hidden_norm: read_vector(file, &name("ffn_norm"), width)?,
            gate: Matrix::read(file, &name("ffn_gate"), width, hidden)?,
            up: Matrix::read(file, &name("ffn_up"), width, hidden)?,
            down: Matrix::read(file, &name("ffn_down"), hidden, width)?,
        })
    }
}

/// A tensor we would not use (a bias, a rotary table) means the model computes something else than we do.
fn refuse_unknown_tensors<R: Read + Seek>(file: &Gguf<R>, layers: usize) -> Result<(), LoadError> {
    const PARTS: [&str; 9] = [
        "attn_norm",
        "attn_q",
        "attn_k",
        "attn_v",
        "attn_output",
        "ffn_norm",
        "ffn_gate",
        "ffn_up",
        "ffn_down",
    ];
    let known = |name: &str| {
        let part =
            name.strip_suffix(".weight").and_then(|n| n.strip_prefix("blk.")).and_then(|n| n.split_once('.'));
        match part {
            Some((at, part)) => at.parse().is_ok_and(|at: usize| at < layers) && PARTS.contains(&part),
            None => ["token_embd.weight", "output_norm.weight", "output.weight"].contains(&name),
        }
    };
    match file.tensor_names().find(|name| !known(name)) {
        Some(name) => Err(LoadError::Unsupported(format!("a model with the tensor `{name}`"))),
        None => Ok(()),
    }
}
