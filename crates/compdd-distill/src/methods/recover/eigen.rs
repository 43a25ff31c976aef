//! Eigenvalues of a symmetric matrix, by rotations.

/// Sweeps after which a matrix is taken as it is; five to ten are enough for the sizes of a class.
const SWEEPS: usize = 60;

/// Eigenvalues, the smallest first, and the unit eigenvectors that belong to them, one after the other, of a symmetric matrix `[n, n]`
/// (cyclic Jacobi: Golub and Van Loan, Matrix Computations, section 8.5).
///
/// # Panics
/// When there are not `n * n` numbers.
pub fn symmetric(matrix: &[f64], n: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    assert_eq!(matrix.len(), n * n, "a matrix of {n} rows");
    let mut a = matrix.to_vec();
    let mut v = vec![0.0; n * n];
    (0..n).for_each(|i| v[i * n + i] = 1.0);
    for _ in 0..SWEEPS {
        let outside = (0..n * n).filter(|i| i / n != i % n).map(|i| a[i] * a[i]).sum::<f64>();
        if outside <= f64::EPSILON.powi(2) * a.iter().map(|x| x * x).sum::<f64>() {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut v, n, [p, q]);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[i * n + i].total_cmp(&a[j * n + j]));
    let vector = |column: usize| (0..n).map(|row| v[row * n + column]).collect();
    (order.iter().map(|&i| a[i * n + i]).collect(), order.into_iter().map(vector).collect())
}

/// Turns the axes `p` and `q` so that the entry between them vanishes.
fn rotate(a: &mut [f64], v: &mut [f64], n: usize, [p, q]: [usize; 2]) {
    let between = a[p * n + q];
    if between == 0.0 {
        return;
    }
    let half = (a[q * n + q] - a[p * n + p]) / (2.0 * between);
    let tangent = half.signum() / (half.abs() + (1.0 + half * half).sqrt());
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    let sine = tangent * cosine;
    let turn = |matrix: &mut [f64], i: usize, j: usize| {
        let (x, y) = (matrix[i], matrix[j]);
        matrix[i] = cosine * x - sine * y;
        matrix[j] = sine * x + cosine * y;
    };
    for k in 0..n {
        turn(a, k * n + p, k * n + q);
    }
    for k in 0..n {
        turn(a, p * n + k, q * n + k);
        turn(v, k * n + p, k * n + q);
    }
}
